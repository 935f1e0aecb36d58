/**
 * Makes and keeps keys; signs; seals and opens envelopes.
 *
 * <p>Start with {@link dev.waggle.crypto.Identity} (the node's key) and {@link
 * dev.waggle.crypto.PeerId} (its public name).
 */
@NullMarked
package dev.waggle.crypto;

import org.jspecify.annotations.NullMarked;
