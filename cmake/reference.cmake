# Makes the API reference by Doxygen and fails on any warning, and on any class or struct without a comment.
# Run: cmake -DDOXYGEN=doxygen -DDOXYFILE=... -DOUTPUT=folder -P reference.cmake

file(REMOVE_RECURSE ${OUTPUT})
file(MAKE_DIRECTORY ${OUTPUT})
execute_process(COMMAND ${DOXYGEN} ${DOXYFILE} RESULT_VARIABLE code OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(NOT code EQUAL 0)
  message("${output}")
  message(FATAL_ERROR "doxygen has warnings (${code})")
endif()

# With EXTRACT_ALL Doxygen does not tell what has no comment, so it is asked a second time without.
file(READ ${DOXYFILE} settings)
string(APPEND settings "\nEXTRACT_ALL = NO\nGENERATE_HTML = NO\nWARN_AS_ERROR = NO\n")
file(WRITE ${OUTPUT}/Doxyfile.comments "${settings}")
execute_process(COMMAND ${DOXYGEN} ${OUTPUT}/Doxyfile.comments OUTPUT_VARIABLE output ERROR_VARIABLE output)
string(REGEX MATCHALL "[^\n]*(Compound [^\n]* is not documented|\\(function\\) of (namespace|file)[^\n]* is not documented)[^\n]*" bare "${output}")
if(bare)
  list(JOIN bare "\n  " text)
  message(FATAL_ERROR "public names without a comment:\n  ${text}")
endif()
file(GLOB pages ${OUTPUT}/html/*MonitoringSystem.html)
if(NOT pages)
  message(FATAL_ERROR "doxygen made no page of ltb::MonitoringSystem in ${OUTPUT}/html")
endif()
