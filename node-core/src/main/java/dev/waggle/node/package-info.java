/**
 * The node: everything wired together, as a program and as a library.
 *
 * <p>Start with {@link dev.waggle.node.Node}; the program begins in {@link dev.waggle.node.Main}.
 */
@NullMarked
package dev.waggle.node;

import org.jspecify.annotations.NullMarked;
