//go:build unix

package process

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"syscall"

	"github.com/cogbus/cogbus/internal/frames"
)

// start starts the executable with one end of a pair of sockets as descriptor 3.
func start(name, path string, opts *Options) (*process, error) {
	conn, theirs, err := socketPair()
	if err != nil {
		return nil, err
	}
	defer theirs.Close()
	from, print, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	defer print.Close()
	cmd := exec.Command(path, opts.Args...) //nolint:noctx // the process outlives the context of Setup
	cmd.Env = append(inheritable(os.Environ()), opts.Env...)
	if opts.MemoryLimit > 0 {
		cmd.Env = append(cmd.Env, fmt.Sprintf("GOMEMLIMIT=%d", opts.MemoryLimit/10*9))
	}
	cmd.Stdout, cmd.Stderr = print, print
	cmd.ExtraFiles = []*os.File{theirs}
	// a process group of its own: a Ctrl-C reaches only the bot, and kill reaches the
	// programs that the process has started
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(err, conn.Close(), from.Close())
	}
	p := &process{
		name:    name,
		opts:    opts,
		cmd:     cmd,
		conn:    conn,
		out:     frames.NewWriter(conn),
		log:     &lines{cog: name, log: opts.Logger, from: from, done: make(chan struct{})},
		failed:  make(chan error, 1),
		exited:  make(chan struct{}),
		ended:   make(chan struct{}),
		waiting: map[uint64]*pending{},
		asks:    map[uint64]func(bool){},
	}
	go p.log.read()
	if opts.MemoryLimit > 0 {
		if err := limitMemory(cmd.Process.Pid, opts.MemoryLimit); err != nil {
			opts.Logger.Warn("the memory limit of a cog's process could not be set", "cog", name, "err", err)
		}
	}
	return p, nil
}

// socketPair returns the bot's end of a pair of sockets, and the other end as a file.
func socketPair() (net.Conn, *os.File, error) {
	syscall.ForkLock.RLock() // no process may start between Socketpair and CloseOnExec
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(fds[0])
		syscall.CloseOnExec(fds[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	ours, theirs := os.NewFile(uintptr(fds[0]), "cog"), os.NewFile(uintptr(fds[1]), "bot")
	conn, err := net.FileConn(ours)
	_ = ours.Close()
	if err != nil {
		return nil, nil, errors.Join(err, theirs.Close())
	}
	return conn, theirs, nil
}

// signal kills the process group of the process.
func (p *process) signal() { _ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) }

// endWithChildren makes the end of the command's context kill the programs that the command
// has started, such as compilers, too.
func endWithChildren(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
