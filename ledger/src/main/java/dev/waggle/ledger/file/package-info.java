/** H2 files that lose nothing that they acknowledged, and that can be made smaller while in use. */
@NullMarked
package dev.waggle.ledger.file;

import org.jspecify.annotations.NullMarked;
