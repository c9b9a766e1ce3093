"""What the process shows over HTTP: whether it lives, whether it works, its figures. Nobody here judges or sends."""
