//go:build !race

package process_test

const racing = false
