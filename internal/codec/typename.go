package codec

import (
	"reflect"
	"strings"

	"github.com/cogbus/cogbus/wire"
)

// TypeName returns the name of the innermost error type of err's tree that is not a mere
// wrapper. Error objects of the ipcx dialect carry it. An error of another process has a
// method TypeName, which returns the name that it had there.
func TypeName(err error) string {
	if name := innermost(err); name != "" {
		return name
	}
	return "Exception"
}

// innermost returns the name of the innermost type of err's tree. It skips the types of
// packages errors and fmt, which only wrap, and [wire.Error], whose code the caller sees;
// if there are no other types, it returns "". Of joined errors the first with a name
// counts.
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
	name, _, _ := strings.Cut(t.Name(), "[") // the name of a generic type contains import paths
	return name
}
