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

// maxArtefacts is how many artefacts are kept for each cog.
const maxArtefacts = 5

// store moves an executable to where it stays, named by what it holds. One that is
// there already is replaced, since it may be damaged; a process that runs it keeps
// the old file.
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

// prune removes artefacts from the folder of the one that was built just now: first
// those that have never served, then those that served longest ago. What cannot be
// removed costs a place on the disk, nothing else.
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
	for _, dir := range foldersIn(cache) { // of builds that ended with the bot
		if info, err := os.Stat(dir); err == nil && time.Since(info.ModTime()) > abandoned {
			_ = os.RemoveAll(dir)
		}
	}
}

// abandoned is how old the folder of a build is that nobody is at any more.
const abandoned = time.Hour

// foldersIn returns the folders of builds in a cache.
func foldersIn(cache string) []string {
	list, _ := filepath.Glob(filepath.Join(cache, buildFolder+"*")) // fails if cache is a pattern
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

// orderFile holds the names of the artefacts that have served, the last one last.
const orderFile = ".order"

// recall reads in which order the artefacts have served, in earlier runs of the
// bot. The caller holds mu.
func (a *artefacts) recall(cache string) {
	if a.recalled {
		return
	}
	a.recalled = true
	text, err := os.ReadFile(filepath.Join(cache, orderFile))
	if err != nil {
		return // nothing has served
	}
	for name := range strings.FieldsSeq(string(text)) {
		if path := filepath.Join(cache, filepath.Base(name)); there(path) {
			a.order = append(a.order, path)
		}
	}
}

// note writes the order down. Without it a rollback after the bot's next start
// finds nothing. The caller holds mu.
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
		a.opts.Logger.Warn("the order of a cog's builds is not kept", "cog", a.name, "err", err)
	}
}

// intact reports whether the artefact is there and holds what its name says.
func intact(path string) bool {
	if path == "" {
		return false
	}
	sum, err := hashOf(path)
	return err == nil && sum == filepath.Base(path)
}

// revisionOf returns the id of an artefact: the part that people see of the hash which is
// the name of its file.
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

// folderName returns a name for the folder of a cog's artefacts: two bots may have
// cogs of one name.
func folderName(cog, dir string) string {
	sum := sha256.Sum256([]byte(dir))
	return url.PathEscape(cog) + "-" + hex.EncodeToString(sum[:4])
}
