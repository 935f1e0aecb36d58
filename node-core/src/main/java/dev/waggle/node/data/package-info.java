/**
 * What a node keeps on disk besides its ledger: the data directory, and the database of its
 * membership.
 */
@NullMarked
package dev.waggle.node.data;

import org.jspecify.annotations.NullMarked;
