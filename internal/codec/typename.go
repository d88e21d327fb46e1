package codec

import (
	"reflect"
	"strings"

	"github.com/cogbus/cogbus/wire"
)

// TypeName names the innermost type of err's tree that says something, as an
// error object tells it. An error of another process that has a method TypeName
// names itself.
func TypeName(err error) string {
	if name := innermost(err); name != "" {
		return name
	}
	return "Exception"
}

// innermost returns "" where all of err's tree are types of packages errors and
// fmt, which only wrap, or [wire.Error], whose code the caller sees. Of errors that
// were joined the first that says something counts.
func innermost(err error) string {
	if err == nil {
		return ""
	}
	if named, ok := err.(interface{ TypeName() string }); ok {
		return named.TypeName()
	}
	switch u := err.(type) { //nolint:errorlint // this walks the tree itself
	case interface{ Unwrap() error }:
		if name := innermost(u.Unwrap()); name != "" {
			return name
		}
	case interface{ Unwrap() []error }:
		for _, e := range u.Unwrap() {
			if name := innermost(e); name != "" {
				return name
			}
		}
	}
	t := reflect.TypeOf(err)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if p := t.PkgPath(); p == "errors" || p == "fmt" || t == reflect.TypeFor[wire.Error]() {
		return ""
	}
	name, _, _ := strings.Cut(t.Name(), "[") // a generic type's name holds import paths
	return name
}
