# In gdb a Tensor prints as its formula, an Array as NumPy prints it, and `step` passes over the constructors behind an
# operator. In: GDB, PROGRAM, SCRIPT.
if(NOT GDB)
  message("SKIPPED: there is no gdb here")
  return()
endif()
execute_process(COMMAND ${GDB} -nx -batch -ex "source ${SCRIPT}" -ex "break stop_here" -ex "tbreak debugged.cpp:16" -ex run
  -ex step -ex "info symbol $pc" -ex continue -ex "print loss" -ex "print numbers" ${PROGRAM}
  OUTPUT_VARIABLE said ERROR_VARIABLE errors RESULT_VARIABLE code)
if(said MATCHES "ptrace|not permitted" OR errors MATCHES "ptrace|not permitted|No Python|Python scripting is not supported")
  message("SKIPPED: this machine lets no gdb run a program, or the gdb has no Python")
  return()
endif()
foreach(wanted "= 2 \\* tanh\\(dot\\(x, w\\)\\) \\+ x : float64" "= \\[\\[1. 2.\\]\n \\[3. 4.\\]\\]")
  if(NOT said MATCHES "${wanted}")
    message(FATAL_ERROR "gdb does not show ${wanted}:\n${said}\n${errors}")
  endif()
endforeach()
if(said MATCHES "Operand::Operand|Where::here|Weak::Weak")
  message(FATAL_ERROR "a step stops in the constructors behind an operator:\n${said}")
endif()
