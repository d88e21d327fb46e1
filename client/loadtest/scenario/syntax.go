package scenario

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"

	"github.com/BurntSushi/toml"
)

func (f *file) readTOML() any {
	var values map[string]any
	if _, err := toml.Decode(string(f.content), &values); err != nil {
		if e, ok := errors.AsType[toml.ParseError](err); ok {
			f.syntax(e.Position.Start, e.LastKey, e.Message)
		} else {
			f.syntax(0, "", err.Error())
		}
		return nil
	}
	w := walk{file: f, lists: map[string]int{}}
	w.document()
	return fromTOML(values)
}

func (f *file) readJSON() (values any) {
	d := json.NewDecoder(bytes.NewReader(f.content))
	d.UseNumber() // ids exceed 2^53
	var whole json.RawMessage
	err := json.Unmarshal(f.content, &whole) // checks the whole text, because the decoder stops after the first value
	if err == nil {
		err = d.Decode(&values)
	}
	if err != nil {
		offset := len(f.content)
		if e, ok := errors.AsType[*json.SyntaxError](err); ok {
			offset = int(e.Offset)
		}
		f.syntax(offset-1, "", err.Error())
		return nil
	}
	w := walk{file: f, json: true}
	w.skip()
	w.value("")
	return values
}

// fromTOML converts a value of TOML to the types of a value of JSON.
func fromTOML(value any) any {
	switch v := value.(type) {
	case int64:
		return json.Number(strconv.FormatInt(v, 10))
	case float64:
		return json.Number(strconv.FormatFloat(v, 'g', -1, 64))
	case map[string]any:
		for key := range v {
			v[key] = fromTOML(v[key])
		}
	case []map[string]any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = fromTOML(v[i])
		}
		return list
	case []any:
		for i := range v {
			v[i] = fromTOML(v[i])
		}
	}
	return value
}
