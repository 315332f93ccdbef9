// This file lets pinning.go declare functions without a body.
