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
	"strings"
	"time"
)

// maxArtefacts is the number of artefacts that the cache keeps for each cog.
const maxArtefacts = 5

// store moves an executable into the cache, under a name that is a hash of its content. It
// replaces a file of that name, since that may be damaged. A process that runs the old file
// keeps it.
func (a *artefacts) store(cache, built string) (string, error) {
	sum, err := hashOf(built)
	if err != nil {
		return "", err
	}
	path := filepath.Join(cache, sum)
	if err := os.Rename(built, path); err != nil {
		return "", err
	}
	a.prune(path)
	return path, nil
}

// prune removes surplus artefacts from the folder of the one that was just built: first
// those that have never served, then those that served longest ago. If a file cannot be
// removed, it only uses disk space.
func (a *artefacts) prune(built string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	cache := filepath.Dir(built)
	a.recall(cache)
	list := slices.DeleteFunc(keptIn(cache), func(path string) bool { return path == built || slices.Contains(a.order, path) })
	for _, path := range a.order {
		if path != built && there(path) {
			list = append(list, path)
		}
	}
	for _, path := range list[:max(0, len(list)+1-maxArtefacts)] {
		_ = os.Remove(path)
	}
	for _, dir := range foldersIn(cache) { // some builds were cut off by the end of a bot
		if info, err := os.Stat(dir); err == nil && time.Since(info.ModTime()) > abandoned {
			_ = os.RemoveAll(dir)
		}
	}
}

// abandoned is the age from which on the folder of a build counts as abandoned.
const abandoned = time.Hour

// foldersIn returns the temporary folders of builds in a cache.
func foldersIn(cache string) []string {
	list, _ := filepath.Glob(filepath.Join(cache, buildFolder+"*")) // fails only if cache has characters of a pattern
	return list
}

// keptIn returns the artefacts in a folder, the newest last.
func keptIn(cache string) []string {
	entries, err := os.ReadDir(cache)
	if err != nil {
		return nil
	}
	var list []fs.FileInfo
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() && !strings.HasPrefix(e.Name(), ".") {
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

// orderFile is the file with the names of the artefacts that have served, in the order of
// their service.
const orderFile = ".order"

// recall reads the order in which artefacts served in earlier runs of the bot. The caller
// holds mu.
func (a *artefacts) recall(cache string) {
	if a.recalled {
		return
	}
	a.recalled = true
	text, err := os.ReadFile(filepath.Join(cache, orderFile))
	if err != nil {
		return // no artefact has served
	}
	for name := range strings.FieldsSeq(string(text)) {
		if path := filepath.Join(cache, filepath.Base(name)); there(path) {
			a.order = append(a.order, path)
		}
	}
}

// note writes the order to its file. Without the file, a rollback after the bot's next
// start finds no build. The caller holds mu.
func (a *artefacts) note(cache string) {
	var text strings.Builder
	for _, path := range a.order {
		text.WriteString(filepath.Base(path) + "\n")
	}
	fresh := filepath.Join(cache, orderFile+".new")
	err := os.WriteFile(fresh, []byte(text.String()), 0o600)
	if err == nil {
		err = os.Rename(fresh, filepath.Join(cache, orderFile))
	}
	if err != nil {
		a.opts.Logger.Warn("the order of a cog's builds cannot be stored, so a rollback after the next start will find none", "cog", a.name, "err", err)
	}
}

// intact reports whether the artefact exists, and its content still has the hash that is
// its name.
func intact(path string) bool {
	if path == "" {
		return false
	}
	sum, err := hashOf(path)
	return err == nil && sum == filepath.Base(path)
}

// revisionOf returns the id of an artefact: the beginning of the hash that is the name of
// its file.
func revisionOf(path string) string {
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

// folderName returns the name of the folder for a cog's artefacts. It depends on dir too,
// since two bots may have cogs of the same name.
func folderName(cog, dir string) string {
	sum := sha256.Sum256([]byte(dir))
	return url.PathEscape(cog) + "-" + hex.EncodeToString(sum[:4])
}
