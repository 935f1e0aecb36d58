/** QuickJS in real children. */
@NullMarked
package dev.waggle.worker.sandbox.quickjs;

import org.jspecify.annotations.NullMarked;
