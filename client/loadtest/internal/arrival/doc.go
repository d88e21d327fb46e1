// Package arrival decides when the calls of an open loop are due, and sleeps until
// then.
package arrival
