"""What older Keras code needs: names and arguments of times gone by."""
