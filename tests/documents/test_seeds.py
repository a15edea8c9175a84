"""What the founding documents ask for, row by row, and the tests that show it."""

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).parent.parent

# Row: what it asks for, and "file::test" below tests/.
ROWS = {
    1: ("Sequential by add and by list, named, called on a tensor", [
        "documents/test_note_000.py::test_sequential_is_called_like_a_function",
        "documents/test_note_001.py::test_the_note_runs_as_an_unmodified_script",
        "documents/test_note_002.py::test_models_and_layers_can_be_named",
    ]),
    2: ("weights wait for the input size; how they print", [
        "documents/test_note_002.py::test_weights_exist_once_the_input_size_is_known",
    ]),
    3: ("an Input first: weights and summary after each add", [
        "documents/test_note_002.py::test_an_input_first_makes_the_weights_at_once",
    ]),
    4: ("functional models and symbolic tensors", [
        "documents/test_note_000.py::test_functional_model",
        "documents/test_note_002.py::test_functional_example",
        "documents/test_note_002.py::test_layers_and_tensors_of_the_graph_print_as_in_the_note",
        "documents/test_note_004.py::test_attributes_that_all_models_have",
    ]),
    5: ("several inputs and outputs, as lists and as dicts", [
        "documents/test_note_002.py::test_tickets_as_lists",
        "documents/test_note_002.py::test_tickets_as_dictionaries",
        "documents/test_note_004.py::test_several_inputs_and_outputs",
    ]),
    6: ("subclasses: layers in __init__, wiring in call, build, summary", [
        "documents/test_note_000.py::test_layers_of_a_model",
        "documents/test_note_001.py::test_the_note_runs_as_an_unmodified_script",
    ]),
    7: ("every kind of model inside every other", [
        "documents/test_note_000.py::test_a_sequential_feature_extractor_in_a_subclassed_model",
        "documents/test_note_000.py::test_a_functional_model_in_a_subclassed_one",
        "documents/test_note_002.py::test_every_workflow_can_call_the_others",
        "documents/test_rows.py::test_a_subclass_called_with_inputs_and_outputs",
    ]),
    8: ("parts by flags; the mode reaches layers in a call without `training`", [
        "documents/test_note_004.py::test_parts_that_depend_on_the_constructor",
        "documents/test_note_004.py::test_dropout_of_a_subclass_drops_in_fit",
    ]),
    9: ("feature extraction", [
        "documents/test_note_000.py::test_a_wrapped_layer_and_the_names_of_weights",
        "documents/test_note_002.py::test_layers_and_tensors_of_the_graph_print_as_in_the_note",
    ]),
    10: ("attributes of models, layers and weights", [
        "documents/test_note_000.py::test_layers_of_a_model",
        "documents/test_note_000.py::test_trainable_freezes_layers",
        "documents/test_note_000.py::test_a_wrapped_layer_and_the_names_of_weights",
        "documents/test_note_000.py::test_inputs_and_outputs_of_a_model_with_many",
        "documents/test_note_000.py::test_get_layer_and_output_of_a_loss",
        "documents/test_note_004.py::test_attributes_that_all_models_have",
        "documents/test_note_004.py::test_weights_are_arrays_of_the_same_sizes",
    ]),
    11: ("summary to the character, and before the build", [
        "documents/test_note_002.py::test_summary_is_the_table_of_the_note",
        "documents/test_note_002.py::test_summary_before_the_build_says_what_to_do",
        "documents/test_note_003.py::test_parameters_are_counted_as_the_note_does",
        "documents/test_note_004.py::test_attributes_that_all_models_have",
    ]),
    12: ("pictures of the graph without Graphviz", [
        "documents/test_note_002.py::test_pictures_of_the_graph",
        "documents/test_note_003.py::test_svg_of_the_graph_without_graphviz",
    ]),
    13: ("configs, JSON, YAML", [
        "documents/test_note_003.py::test_architecture_and_weights_in_files",
        "documents/test_note_004.py::test_models_come_back_from_their_configs",
        "documents/test_note_004.py::test_architectures_as_text_come_back_without_their_weights",
    ]),
    14: ("compile: names, objects, functions, by output", [
        "documents/test_note_000.py::test_compile_with_objects",
        "documents/test_note_002.py::test_tickets_as_lists",
        "documents/test_note_002.py::test_tickets_as_dictionaries",
        "documents/test_note_004.py::test_every_argument_of_compile_fit_evaluate_and_predict",
        "documents/test_rows.py::test_compile_with_names_objects_and_functions_agrees",
        "documents/test_rows.py::test_loss_weights_by_output",
        "documents/test_rows.py::test_sample_weights_and_weighted_metrics",
        "documents/test_rows.py::test_sample_weight_mode_temporal",
    ]),
    15: ("fit: data in every form, weights, validation, verbose, History", [
        "documents/test_note_000.py::test_fit_predict_evaluate",
        "documents/test_note_003.py::test_fit_takes_batches_and_epochs",
        "documents/test_note_003.py::test_a_model_that_overfits_shows_it_in_its_history",
        "documents/test_note_004.py::test_every_argument_of_compile_fit_evaluate_and_predict",
        "documents/test_note_004.py::test_verbose_0_1_and_2",
        "documents/test_rows.py::test_class_weights_are_sample_weights_by_class",
        "documents/test_rows.py::test_a_sequence_serves_fit_evaluate_and_predict",
        "test_data_adapters.py::test_streams",
    ]),
    16: ("evaluate, predict, single batches", [
        "documents/test_note_000.py::test_fit_predict_evaluate",
        "documents/test_note_004.py::test_evaluate_returns_one_number_where_there_is_only_a_loss",
        "documents/test_note_004.py::test_every_argument_of_compile_fit_evaluate_and_predict",
        "documents/test_rows.py::test_single_batches",
    ]),
    17: ("the old generator methods, workers really used; predict_classes and predict_proba", [
        "documents/test_note_000.py::test_fit_generator",
        "documents/test_note_003.py::test_predict_classes_is_for_sequential_models_of_classes",
        "documents/test_rows.py::test_generators_under_their_old_methods",
        "test_data_adapters.py::test_workers_make_batches_in_order",
        "test_workers.py::test_workers_work_at_the_same_time",
    ]),
    18: ("add_loss, losses, add_metric, metrics_names, metrics_tensors", [
        "documents/test_note_000.py::test_losses_and_metrics_as_lists_one_adds_to",
        "documents/test_note_000.py::test_losses_computed_by_lambda_layers_are_trained_and_shown",
        "documents/test_note_004.py::test_a_loss_added_in_call",
    ]),
    19: ("callbacks: checkpoints, TensorBoard, one's own", [
        "documents/test_note_000.py::test_a_callback_changes_the_learning_rate_while_training",
        "documents/test_note_000.py::test_fit_generator",
        "test_tensorboard.py::test_what_fit_writes",
    ]),
    20: ("own training and evaluation steps and loops", [
        "documents/test_rows.py::test_own_train_and_test_steps",
        "documents/test_rows.py::test_a_bare_loop_over_batches",
    ]),
    21: ("files: whole models as .h5, .keras and directories, weights", [
        "documents/test_note_000.py::test_save_to_a_directory_and_load",
        "documents/test_note_000.py::test_a_subclassed_model_is_loaded_with_its_class",
        "documents/test_note_003.py::test_whole_model_in_a_file",
        "documents/test_note_003.py::test_architecture_and_weights_in_files",
        "documents/test_note_004.py::test_weights_files_by_position_and_by_name",
        "documents/test_note_004.py::test_a_subclass_has_no_symbolic_tensors_but_says_so_and_is_saved_whole",
        "documents/test_rows.py::test_a_model_saved_whole_goes_on_where_it_was",
    ]),
    22: ("layers, as they are and were spelled", [
        "documents/test_note_003.py::test_dense_as_it_was_spelled",
        "documents/test_note_003.py::test_each_connection_has_a_weight",
        "documents/test_rows.py::test_layers_by_their_names",
    ]),
    23: ("activations, losses, optimizers and metrics", [
        "documents/test_note_003.py::test_activations_and_their_derivatives",
        "documents/test_note_003.py::test_leaky_relu_layer_has_the_slope_of_the_note",
        "documents/test_note_003.py::test_sigmoid_gradients_vanish",
        "documents/test_rows.py::test_activations_by_name_and_as_functions",
        "documents/test_rows.py::test_losses_by_name_and_as_classes",
        "documents/test_rows.py::test_optimizers_by_name_make_a_loss_smaller",
        "documents/test_rows.py::test_metrics_by_name_and_as_classes",
    ]),
    24: ("NumPy in, NumPy out", [
        "documents/test_rows.py::test_numpy_in_and_numpy_out",
    ]),
}


def names_in(path):
    tree = ast.parse((TESTS / path).read_text(encoding="utf-8"))
    return [node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]


def test_the_table_has_every_row():
    assert list(ROWS) == list(range(1, 25))


@pytest.mark.parametrize("row", ROWS)
def test_each_row_is_shown_by_tests_that_exist(row):
    asked, shown = ROWS[row]
    assert shown, f"row {row} ({asked}) is shown by no test"
    for name in shown:
        path, test = name.split("::")
        assert test in names_in(path), f"row {row} ({asked}): there is no {name}"


def test_each_test_of_the_documents_shows_a_row():
    named = {name for _, shown in ROWS.values() for name in shown}
    files = [path for path in sorted(TESTS.glob("documents/test_*.py")) if path != Path(__file__)]
    missing = {
        f"documents/{path.name}::{test}" for path in files for test in names_in(f"documents/{path.name}")
    } - named
    assert not missing, f"these show no row: {missing}"
