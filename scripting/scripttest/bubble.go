package scripttest

import (
	"fmt"
	"runtime/debug"
	"testing"
	"testing/synctest"
)

// bubble runs fn on a clock of its own, which stands still but when all goroutines that fn has started wait, and returns when
// they have ended. A panic of fn, and goroutines that wait for ever, are errors.
func bubble(fn func()) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("goroutines are left: %v", p)
		}
	}()
	var t testing.T // synctest wants one, to tell that its function failed: this one does not
	synctest.Test(&t, func(*testing.T) {
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
			}
		}()
		fn()
	})
	return err
}

// settle lets everything happen that happens at this moment.
func settle() { synctest.Wait() }
