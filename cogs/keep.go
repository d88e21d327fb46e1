package cogs

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	"github.com/cogbus/cogbus/internal/codec"
)

// Keep makes *value survive reloads and restarts of the cog, but not of the
// bot. It is written as JSON when nothing of the old instance runs any more, and
// read into the new one before anything of it runs. A value that no longer
// decodes fails the reload.
//
// A restart gets what was last saved, never the memory of an instance that has
// failed: that is at the last reload, or at most some ten seconds ago, since the
// cog pauses every ten seconds to save. It does so only if its calls end within
// 20 milliseconds, not again if saving takes more than 50, until an operator
// reloads the cog, and not if it has tasks of [Registrar.Go], which would run
// meanwhile. An instance whose saving does not end within 5 seconds cannot serve
// any more: a fresh one takes its place, with what was saved before.
//
// Keep panics if JSON would lose a part of T: fields that are unexported or
// tagged "-", channels, functions, interfaces. KeepFunc serves such types.
func Keep[T any](r *Registrar, name string, value *T) {
	if loss := lost(reflect.TypeFor[T](), nil); loss != "" {
		panic(fmt.Sprintf("cogs: Keep(%q) of cog %q: JSON would lose %s; use KeepFunc", name, r.recorder().Cog(), loss))
	}
	if value == nil {
		panic(fmt.Sprintf("cogs: Keep(%q) of cog %q: the value is nil", name, r.recorder().Cog()))
	}
	codec := codec.Of[T]()
	r.KeepFunc(name,
		func() ([]byte, error) { return codec.Append(nil, value) },
		func(text []byte) error {
			fresh := new(T)
			if err := codec.Decode(text, fresh); err != nil {
				return err
			}
			*value = *fresh
			return nil
		})
}

// KeepFunc makes what save returns survive reloads and restarts of the cog: it
// is passed to the restore function of the next instance. What save returns must
// be JSON text. It is copied, and restore gets a copy: both may use their memory
// again. The rules of Keep hold; a panic of either, or
// runtime.Goexit, counts as its error.
func (r *Registrar) KeepFunc(name string, save func() ([]byte, error), restore func(text []byte) error) {
	r.recorder().KeepFunc(name, save, restore)
}

// lost says what JSON would lose of a value of type t, or "".
func lost(t reflect.Type, above []reflect.Type) string {
	if slices.Contains(above, t) {
		return ""
	}
	p := reflect.PointerTo(t)
	if p.Implements(reflect.TypeFor[json.Marshaler]()) && p.Implements(reflect.TypeFor[json.Unmarshaler]()) {
		return ""
	}
	above = append(above, t)
	switch t.Kind() {
	case reflect.Chan, reflect.Func, reflect.Interface, reflect.Complex64, reflect.Complex128, reflect.UnsafePointer:
		return fmt.Sprintf("values of type %v", t)
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return lost(t.Elem(), above)
	case reflect.Map:
		if loss := lost(t.Key(), above); loss != "" {
			return loss
		}
		return lost(t.Elem(), above)
	case reflect.Struct:
		for f := range t.Fields() {
			if !f.IsExported() && !f.Anonymous {
				return fmt.Sprintf("field %s of %v", f.Name, t)
			}
			if f.Tag.Get("json") == "-" {
				return fmt.Sprintf("field %s of %v", f.Name, t)
			}
			if loss := lost(f.Type, above); loss != "" {
				return loss
			}
		}
	}
	return ""
}
