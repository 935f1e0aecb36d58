/** The program's log: an operator's story on the console and in a rolling file. */
@NullMarked
package dev.waggle.node.log;

import org.jspecify.annotations.NullMarked;
