/**
 * The command line. Every command but start and demo talks to the running node of a data directory.
 *
 * <p>Start with {@link dev.waggle.node.cli.WaggleCommand}.
 */
@NullMarked
package dev.waggle.node.cli;

import org.jspecify.annotations.NullMarked;
