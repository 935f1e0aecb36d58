/**
 * What the owner of this machine lets others do with it, and when.
 *
 * <p>Start with {@link dev.waggle.worker.owner.OwnerRules}; {@link
 * dev.waggle.worker.owner.OwnerGate} decides.
 */
@NullMarked
package dev.waggle.worker.owner;

import org.jspecify.annotations.NullMarked;
