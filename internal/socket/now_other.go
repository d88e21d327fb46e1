//go:build !unix || aix

package socket

import "syscall"

// Read returns EAGAIN: here only package net reads.
func Read(uintptr, []byte) (int, error) { return 0, syscall.EAGAIN }

// Write returns EAGAIN: here only package net writes.
func Write(uintptr, []byte) (int, error) { return 0, syscall.EAGAIN }
