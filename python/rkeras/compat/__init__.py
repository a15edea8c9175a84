"""What older Keras code needs: names, arguments and modules of times gone by, and those of TensorFlow."""
