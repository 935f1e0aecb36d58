/**
 * JavaScript in QuickJS, compiled to WebAssembly, in a JVM of its own for each task.
 *
 * <p>Start with {@link dev.waggle.worker.sandbox.quickjs.QuickJsSandbox}. {@code QuickJsChild} is
 * what runs in the other JVM, {@code QuickJsRun} what talks to it, in {@code ChildMessage}s.
 */
@NullMarked
package dev.waggle.worker.sandbox.quickjs;

import org.jspecify.annotations.NullMarked;
