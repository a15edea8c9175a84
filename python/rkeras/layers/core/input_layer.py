"""The inputs of models."""

from __future__ import annotations

from typing import Any

from rkeras.dtype_policies import standardize_dtype
from rkeras.graph import Node
from rkeras.keras_tensor import KerasTensor, Shape, standardize_shape
from rkeras.layers.layer import Layer


class InputLayer(Layer):
    """The layer that ``Input`` makes: where data comes in.

    Args:
        shape: the shape of one sample.
        batch_size: the number of samples, if it is fixed.
        dtype: the dtype that data is cast to.
        sparse: not supported.
        ragged: not supported.
        batch_shape: the whole shape, instead of ``shape`` and ``batch_size``.
        input_tensor: a symbolic tensor to take as the input.
        optional: whether the model may be called with None here.
        name: the key of this input in a dict of data.

    Example:
        >>> InputLayer(shape=(3,), name="features").output.shape
        (None, 3)
    """

    def __init__(
        self,
        shape: Any = None,
        batch_size: int | None = None,
        dtype: Any = None,
        sparse: bool | None = None,
        ragged: bool | None = None,
        batch_shape: Any = None,
        input_tensor: KerasTensor | None = None,
        optional: bool = False,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name)
        shape = kwargs.pop("input_shape", shape)
        batch_shape = kwargs.pop("batch_input_shape", batch_shape)
        if kwargs:
            raise ValueError(f"InputLayer does not know the argument(s) {sorted(kwargs)}")
        if input_tensor is not None:
            if not isinstance(input_tensor, KerasTensor):
                raise ValueError(f"input_tensor must be a symbolic tensor, got {input_tensor!r}")
            batch_shape, dtype = input_tensor.shape, input_tensor.dtype
        elif shape is not None:
            if batch_shape is not None:
                raise ValueError("give either shape or batch_shape to Input, not both")
            batch_shape = (batch_size, *standardize_shape(shape))
        elif batch_shape is None:
            raise ValueError("Input needs the shape of one sample, as in Input(shape=(28, 28, 1))")
        elif batch_size is not None:
            raise ValueError("give either batch_size or batch_shape to Input, not both")
        self._batch_shape = standardize_shape(batch_shape)
        self._dtype = "string" if dtype == "string" else standardize_dtype(dtype)
        self.sparse = bool(sparse)
        self.ragged = bool(ragged)
        self.optional = bool(optional)
        if input_tensor is None:
            input_tensor = KerasTensor(
                self._batch_shape, self._dtype, sparse=sparse, ragged=ragged, name=self.name
            )
        self._input_tensor = input_tensor
        Node(self, (), {}, input_tensor)
        self.built = True

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Not to be called: a model passes its data by this layer."""
        raise NotImplementedError(f"the input layer {self.name!r} is not called; pass data to the model")

    @property
    def batch_shape(self) -> Shape:
        """The whole shape, batch axis first."""
        return self._batch_shape

    @property
    def dtype(self) -> str:
        """The dtype that data is cast to."""
        return self._dtype

    def get_config(self) -> dict[str, Any]:
        """The arguments to make the layer again."""
        return {
            "batch_shape": self.batch_shape,
            "dtype": self.dtype,
            "sparse": self.sparse,
            "ragged": self.ragged,
            "name": self.name,
            "optional": self.optional,
        }

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"


def Input(
    shape: Any = None,
    batch_size: int | None = None,
    dtype: Any = None,
    sparse: bool | None = None,
    ragged: bool | None = None,
    batch_shape: Any = None,
    name: str | None = None,
    tensor: KerasTensor | None = None,
    optional: bool = False,
    **kwargs: Any,
) -> KerasTensor:
    """A symbolic tensor that stands for data a model will be given.

    Args:
        shape: the shape of one sample, None for axes of any size.
        batch_size: the number of samples, if it is fixed.
        dtype: the dtype that data is cast to; the default float if not given.
        sparse: not supported.
        ragged: not supported.
        batch_shape: the whole shape, instead of ``shape`` and ``batch_size``.
        name: the key of this input in a dict of data.
        tensor: a symbolic tensor to take as the input.
        optional: whether the model may be called with None here.

    Returns:
        A symbolic tensor to call layers on.

    Example:
        >>> Input(shape=(32,), name="title")
        <KerasTensor shape=(None, 32), dtype=float32, sparse=None, name=title>
    """
    layer = InputLayer(
        shape=shape,
        batch_size=batch_size,
        dtype=dtype,
        sparse=sparse,
        ragged=ragged,
        batch_shape=batch_shape,
        name=name,
        input_tensor=tensor,
        optional=optional,
        **kwargs,
    )
    return layer.output  # type: ignore[no-any-return]
