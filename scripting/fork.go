package scripting

import "context"

// Fork makes an engine of its own with the scripts of e's current generation, which it neither compiles nor tries again: it
// begins with their on_load. Of o, Dir and FS are only read by a later Load. ctx bounds on_load.
func (e *Engine) Fork(ctx context.Context, o Options) (*Engine, error) {
	fork, err := New(o)
	if err != nil {
		return nil, err
	}
	g := e.Generation()
	copied := &Generation{
		Number: g.Number, Loaded: g.Loaded, Hash: g.Hash, Origin: g.Origin, Files: g.Files,
		snapshot: g.snapshot, chunks: g.chunks, scripts: g.scripts,
	}
	if err := fork.begin(ctx, copied); err != nil {
		return nil, err
	}
	fork.swap(copied)
	return fork, nil
}
