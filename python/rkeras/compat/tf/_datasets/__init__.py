"""``tf.data.Dataset``, a concept a file."""
