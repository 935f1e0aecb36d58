/**
 * Records who did what, once, provably: an append-only, hash-chained log under signed heads.
 *
 * <p>Start with {@link dev.waggle.ledger.Ledger}; {@link dev.waggle.ledger.LedgerVerifier} checks
 * one without its node.
 */
@NullMarked
package dev.waggle.ledger;

import org.jspecify.annotations.NullMarked;
