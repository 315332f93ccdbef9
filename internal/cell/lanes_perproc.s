// This file lets lanes_perproc.go declare functions without a body.
