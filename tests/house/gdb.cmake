# In gdb a Tensor prints as its formula, an Array as NumPy prints it, and `step` passes over the constructors behind an
# operator. In: GDB, PROGRAM, SCRIPT.
if(NOT GDB)
  message("SKIPPED: there is no gdb here")
  return()
endif()
execute_process(COMMAND ${GDB} -nx -batch -ex "source ${SCRIPT}" -ex "break stop_here" -ex "tbreak debugged.cpp:15" -ex run
  -ex step -ex continue -ex "print loss" -ex "print numbers" ${PROGRAM}
  OUTPUT_VARIABLE said ERROR_VARIABLE errors RESULT_VARIABLE code)
# a gdb older than the processor cannot call functions of the program
set(cannot "ptrace|not permitted|Couldn't write extended state|No Python|Python scripting is not supported")
if("${said}${errors}" MATCHES "${cannot}")
  message("SKIPPED: this machine lets no gdb run a program or call its functions, or the gdb has no Python")
  return()
endif()
foreach(wanted "\n16\t  stop_here" "= 2[.]0 \\* tanh\\(dot\\(x, w\\)\\) \\+ x : float64" "= \\[\\[1[.] 2[.]\\]\n *\\[3[.] 4[.]\\]\\]")
  if(NOT said MATCHES "${wanted}")
    message(FATAL_ERROR "gdb does not show ${wanted}:\n${said}\n${errors}")
  endif()
endforeach()
if(said MATCHES "Operand::Operand|Where::here|Weak::Weak")
  message(FATAL_ERROR "a step stops in the constructors behind an operator:\n${said}")
endif()
