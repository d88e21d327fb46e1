package spec_test

import (
	"context"
	"reflect"
	"testing"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/internal/spec"
)

// TestOf fills every field of a cog: a field that Of forgets would do nothing.
func TestOf(t *testing.T) {
	var c cogs.Cog
	v := reflect.ValueOf(&c).Elem()
	for i := range v.NumField() {
		switch f := v.Field(i); f.Kind() {
		case reflect.String:
			f.SetString("name")
		case reflect.Bool:
			f.SetBool(true)
		case reflect.Int, reflect.Int64:
			f.SetInt(int64(i + 1))
		}
	}
	c.Setup = func(context.Context, *cogs.Registrar) error { return nil }
	got := reflect.ValueOf(spec.Of(c))
	if got.NumField() != v.NumField() {
		t.Errorf("a Spec has %d fields; want %d, as many as a Cog", got.NumField(), v.NumField())
	}
	for i := range v.NumField() {
		name := v.Type().Field(i).Name
		switch f := got.FieldByName(name); {
		case !f.IsValid():
			t.Errorf("a Spec has no %s", name)
		case f.Kind() == reflect.Func:
			if f.IsNil() {
				t.Errorf("Of(c).%s = nil; want a function", name)
			}
		case f.Interface() != v.Field(i).Interface():
			t.Errorf("Of(c).%s = %v; want %v", name, f, v.Field(i))
		}
	}
}
