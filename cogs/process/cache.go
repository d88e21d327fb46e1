package process

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// artefacts is how many of what was built are kept for each cog.
const artefacts = 5

// store moves an executable to where it stays, named by what it holds: one that
// runs is never overwritten, and what has not changed is there already.
func (s *source) store(cache, built string) (string, error) {
	sum, err := hashOf(built)
	if err != nil {
		return "", err
	}
	path := filepath.Join(cache, sum)
	if _, err := os.Stat(path); err == nil {
		now := time.Now()
		_ = os.Chtimes(path, now, now) // for prune alone
		return path, nil
	}
	if err := os.Rename(built, path); err != nil {
		return "", err
	}
	s.prune(cache)
	return path, nil
}

// prune removes the oldest artefacts. What cannot be removed costs a place on
// the disk, nothing else.
func (s *source) prune(cache string) {
	list := keptIn(cache)
	for _, path := range list[:max(0, len(list)-artefacts)] {
		if path != s.last() {
			_ = os.Remove(path)
		}
	}
}

// keptIn returns the artefacts in a folder, the newest last.
func keptIn(cache string) []string {
	entries, err := os.ReadDir(cache)
	if err != nil {
		return nil
	}
	var list []fs.FileInfo
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() {
			list = append(list, info)
		}
	}
	slices.SortFunc(list, func(a, b fs.FileInfo) int { return cmp.Compare(a.ModTime().UnixNano(), b.ModTime().UnixNano()) })
	var paths []string
	for _, info := range list {
		paths = append(paths, filepath.Join(cache, info.Name()))
	}
	return paths
}

// buildName returns what people see of the hash that an artefact is named by.
func buildName(path string) string {
	sum := filepath.Base(path)
	return sum[:min(8, len(sum))]
}

func hashOf(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)[:8]), nil
}

// folderName returns a name for the folder of a cog's artefacts: two bots may have
// cogs of one name.
func folderName(cog, dir string) string {
	sum := sha256.Sum256([]byte(dir))
	return url.PathEscape(cog) + "-" + hex.EncodeToString(sum[:4])
}
