// Package jsontext walks JSON text without building values.
package jsontext
