/** Records who did what, once, provably. */
@NullMarked
package dev.waggle.ledger;

import org.jspecify.annotations.NullMarked;
