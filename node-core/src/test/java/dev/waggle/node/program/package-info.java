/** The program as its users have it: processes of node.jar. */
@NullMarked
package dev.waggle.node.program;

import org.jspecify.annotations.NullMarked;
