//go:build !unix

package process

func trusted(string) error { return nil }
