package cli

// repository is the root, seen from this package.
const repository = "../../.."
