package discordtest

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"mime/multipart"
	"strings"
)

// draftOf reads a message from a request: JSON, or a form with the JSON in the
// field payload_json and files in others. Of the files it keeps name and size.
func (s *Server) draftOf(c *call) (*draft, []attachment, error) {
	d := new(draft)
	kind, params, err := mime.ParseMediaType(c.Header.Get("Content-Type"))
	if err != nil || !strings.HasPrefix(kind, "multipart/") {
		return d, nil, c.decode(d)
	}
	var files []attachment
	form := multipart.NewReader(bytes.NewReader(c.body), params["boundary"])
	for {
		part, err := form.NextPart()
		if err == io.EOF {
			return d, files, nil
		}
		var content []byte
		if err == nil {
			content, err = io.ReadAll(part)
		}
		if err == nil && part.FormName() == "payload_json" {
			err = json.Unmarshal(content, d)
		}
		if err != nil {
			return nil, nil, &apiError{Status: 400, Code: 50109, Message: "The request body contains an invalid form."}
		}
		if name := part.FileName(); name != "" {
			id := s.world.newID()
			files = append(files, attachment{
				ID: id, Filename: name, Size: len(content),
				URL: "https://cdn.discordapp.com/attachments/" + id.String() + "/" + name,
			})
		}
	}
}
