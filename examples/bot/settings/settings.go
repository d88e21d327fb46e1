// Package settings is a cog that stores the settings of each guild in a database. They
// outlive reloads and the bot.
package settings

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.etcd.io/bbolt"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/cogs/discord"
	"github.com/cogbus/cogbus/examples/api"
	"github.com/cogbus/cogbus/wire"
)

// Cog returns the cog. The caller opens and closes the database: during a reload there are
// two instances, and only one could open the file.
func Cog(db *bbolt.DB) cogs.Cog {
	return cogs.Cog{Name: "settings", Setup: func(_ context.Context, r *cogs.Registrar) error {
		s := &settings{discord: discord.From(r), db: db}
		err := db.Update(func(tx *bbolt.Tx) error {
			_, err := tx.CreateBucketIfNotExists(bucket)
			return err
		})
		if err != nil {
			return fmt.Errorf("prepare the database: %w", err)
		}
		byGuild := cogs.RouteOptions[api.Settings]{Key: func(s api.Settings) string { return s.Guild.String() }}
		cogs.Handle(r, api.GetSettings, s.get)
		cogs.HandleWith(r, api.SetSettings, byGuild, s.set)
		cogs.Handle(r, api.ListSettings, s.list)
		return nil
	}}
}

type settings struct {
	discord *discord.View
	db      *bbolt.DB
}

func (s *settings) get(_ context.Context, req api.Guild) (api.Settings, error) {
	got := api.Settings{Guild: req.ID, Prefix: api.DefaultPrefix}
	err := s.db.View(func(tx *bbolt.Tx) error {
		if text := tx.Bucket(bucket).Get(key(req.ID)); text != nil {
			return json.Unmarshal(text, &got)
		}
		return nil
	})
	return got, err
}

func (s *settings) set(ctx context.Context, req api.Settings) (api.Settings, error) {
	if err := check(req); err != nil {
		return api.Settings{}, err
	}
	if _, err := s.discord.Guild(ctx, req.Guild); err != nil {
		return api.Settings{}, err
	}
	text, err := json.Marshal(req)
	if err != nil {
		return api.Settings{}, err
	}
	err = s.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(bucket).Put(key(req.Guild), text) })
	return req, err
}

func check(req api.Settings) error {
	n := utf8.RuneCountInString(req.Prefix)
	if n < 1 || n > 5 || strings.ContainsFunc(req.Prefix, unicode.IsSpace) {
		return wire.Errorf(wire.BadRequest, "a prefix has 1 to 5 characters and no spaces")
	}
	if utf8.RuneCountInString(req.Welcome) > 200 {
		return wire.Errorf(wire.BadRequest, "a welcome has up to 200 characters")
	}
	return nil
}

func (s *settings) list(context.Context, wire.Empty) ([]api.Settings, error) {
	list := []api.Settings{}
	err := s.db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket(bucket).ForEach(func(_, text []byte) error {
			var one api.Settings
			if err := json.Unmarshal(text, &one); err != nil {
				return err
			}
			list = append(list, one)
			return nil
		})
	})
	return list, err
}

var bucket = []byte("settings")

// key returns the id in a form that makes the database sort guilds by id.
func key(guild wire.Snowflake) []byte { return binary.BigEndian.AppendUint64(nil, uint64(guild)) }
