"""Weights of classification networks from the files that people have: Keras's, and TF 1's checkpoints.

Nothing in a file is executed: arrays and names are read, layers are never built from it and nothing is unpickled.
`read` reads a file, `fit` says which array belongs to which variable of a backbone, `adapt` changes the values where
the detector's backbone computes in another way than the network that was trained.
"""
