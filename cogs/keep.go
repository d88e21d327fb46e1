package cogs

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	"github.com/cogbus/cogbus/internal/codec"
)

// Keep makes *value survive reloads and restarts of the cog. It does not survive the end of
// the bot. The bot writes *value as JSON when no code of the old instance runs any more,
// and reads it into the new instance before any code of that runs. If the JSON does not
// decode into T, the reload fails. The cog owns *value; Keep needs no lock on it.
//
// After a failure the cog restarts with the values saved last, never with the memory of the
// failed instance. If two restarts with these values fail, the next one starts without
// them. The bot saves at each reload, and about every ten seconds while the cog serves. For
// the periodic save it holds new calls, and leaves the save out if
//   - the running calls do not end within 20 milliseconds;
//   - an earlier save took more than 50 milliseconds, and no operator has reloaded the cog
//     since;
//   - the cog has tasks of [Registrar.Go], which would run meanwhile.
//
// If a save does not end within 5 seconds, the bot replaces the instance with a fresh one
// that starts with the values saved before.
//
// Keep panics, which fails the Setup, if value is nil, if the name is empty, taken or
// longer than 256 bytes, and if JSON would lose a part of T: unexported fields, fields
// tagged "-", channels, functions, interfaces. Use KeepFunc for such types.
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

// KeepFunc is Keep for a value that JSON alone would lose. The bot calls save when it
// saves, and passes the text to the restore function of the next instance.
//
// save returns JSON text. The bot copies it, and restore gets a copy of its own, so both
// functions may reuse or change their memory. The rules of Keep hold. If save or restore
// panics or calls runtime.Goexit, the bot treats that as an error which it returned.
func (r *Registrar) KeepFunc(name string, save func() ([]byte, error), restore func(text []byte) error) {
	r.recorder().KeepFunc(name, save, restore)
}

// lost names a part of the values of type t that JSON would lose. If there is none, it
// returns "".
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
