# Runs an example and fails unless it ends with 0 and its output matches.
# Run: cmake -DPROGRAM=... -DARGUMENTS=a;b -DEXPECT=regex -P run_example.cmake

execute_process(COMMAND ${PROGRAM} ${ARGUMENTS} OUTPUT_VARIABLE output ERROR_VARIABLE errors RESULT_VARIABLE code)
message("${output}${errors}")
if(NOT code EQUAL 0)
  message(FATAL_ERROR "${PROGRAM} ended with ${code}, expected 0")
endif()
if(NOT output MATCHES "${EXPECT}")
  message(FATAL_ERROR "the output of ${PROGRAM} does not match: ${EXPECT}")
endif()
