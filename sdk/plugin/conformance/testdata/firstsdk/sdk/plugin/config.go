package plugin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

// reserved attributes of a block are the core's.
var reserved = []string{"pace", "sha256", "env", "mtls", "projects", "command"}

// field is one attribute of the plugin's block and where it goes.
type field struct {
	wire  *pluginv1.Field
	index int
}

// fieldsOf reads the tags of a config struct.
func fieldsOf(config reflect.Type) ([]field, error) {
	if config.Kind() != reflect.Struct {
		return nil, fmt.Errorf("the config %s must be a struct", config)
	}
	var fields []field
	for i := range config.NumField() {
		f := config.Field(i)
		tag, ok := f.Tag.Lookup("hcl")
		if !ok {
			continue
		}
		wire, err := fieldOf(f, tag)
		if err != nil {
			return nil, fmt.Errorf("config field %s: %w", f.Name, err)
		}
		fields = append(fields, field{wire, i})
	}
	return fields, nil
}

func fieldOf(f reflect.StructField, tag string) (*pluginv1.Field, error) {
	name, option, _ := strings.Cut(tag, ",")
	if name == "" || !f.IsExported() {
		return nil, errors.New("it must be exported, with a name in its hcl tag")
	}
	if slices.Contains(reserved, name) {
		return nil, fmt.Errorf("%q is an attribute that the core handles; choose another name", name)
	}
	kind, err := kindOf(f.Type)
	if err != nil {
		return nil, err
	}
	wire := &pluginv1.Field{
		Name: name, Type: kind, Required: option != "optional",
		Secret: f.Tag.Get("secret") == "true", Help: f.Tag.Get("help"),
	}
	if value, ok := f.Tag.Lookup("default"); ok {
		if wire.DefaultJson, err = defaultJSON(kind, value); err != nil {
			return nil, fmt.Errorf("default %q: %w", value, err)
		}
	}
	return wire, nil
}

func kindOf(t reflect.Type) (pluginv1.FieldType, error) {
	switch {
	case t.Kind() == reflect.String:
		return pluginv1.FieldType_FIELD_TYPE_STRING, nil
	case t.Kind() == reflect.Int, t.Kind() == reflect.Int64:
		return pluginv1.FieldType_FIELD_TYPE_INT, nil
	case t.Kind() == reflect.Bool:
		return pluginv1.FieldType_FIELD_TYPE_BOOL, nil
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.String:
		return pluginv1.FieldType_FIELD_TYPE_STRINGS, nil
	}
	return 0, fmt.Errorf("type %s: only string, int, int64, bool and []string are possible", t)
}

// defaultJSON writes the tag's value as JSON; strings in a list stand between commas.
func defaultJSON(kind pluginv1.FieldType, value string) (string, error) {
	var v any = value
	var err error
	switch kind {
	case pluginv1.FieldType_FIELD_TYPE_INT:
		v, err = strconv.ParseInt(value, 10, 64)
	case pluginv1.FieldType_FIELD_TYPE_BOOL:
		v, err = strconv.ParseBool(value)
	case pluginv1.FieldType_FIELD_TYPE_STRINGS:
		v = strings.FieldsFunc(value, func(r rune) bool { return r == ',' })
	}
	b, jsonErr := json.Marshal(v)
	return string(b), errors.Join(err, jsonErr)
}

// decodeConfig fills config, a pointer to the struct that the fields are of.
func decodeConfig(config any, fields []field, data []byte) error {
	values := map[string]json.RawMessage{}
	if len(data) > 0 {
		if err := json.Unmarshal(data, &values); err != nil {
			return fmt.Errorf("the config is no JSON object: %w", err)
		}
	}
	target := reflect.ValueOf(config).Elem()
	for _, f := range fields {
		value, ok := values[f.wire.Name]
		delete(values, f.wire.Name)
		if !ok || bytes.Equal(value, []byte("null")) {
			if f.wire.Required {
				return FieldError(f.wire.Name, errors.New("is missing"))
			}
			value = json.RawMessage(f.wire.DefaultJson)
		}
		if len(value) == 0 {
			continue
		}
		if json.Unmarshal(value, target.Field(f.index).Addr().Interface()) != nil {
			return FieldError(f.wire.Name, fmt.Errorf("must be a %s", target.Field(f.index).Type())) // its value may be secret
		}
	}
	for name := range values {
		return FieldError(name, errors.New("is no field of this plugin"))
	}
	return nil
}
