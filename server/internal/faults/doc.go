// Package faults holds the fault suite: it does to real processes of metertree
// what production does, and checks that they behave as docs/reliability.md says.
//
// Ordinary tests run a short form of every fault. With METERTREE_FAULTS=full, as
// scripts/faults.sh sets it, they run in full. METERTREE_FAULTS_BINARY names the
// binary to run; without it the test binary serves itself. What was found is
// appended to the file that METERTREE_FAULTS_REPORT names, a line for each fault, and
// if all pass, written into the table of the page that METERTREE_FAULTS_TABLE names.
package faults
