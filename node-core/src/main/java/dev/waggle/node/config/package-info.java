/**
 * What a node is told: flags over {@code config.toml} over defaults, checked once and then fixed.
 *
 * <p>Start with {@link dev.waggle.node.config.NodeConfig}.
 */
@NullMarked
package dev.waggle.node.config;

import org.jspecify.annotations.NullMarked;
