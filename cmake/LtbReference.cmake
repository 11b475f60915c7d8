# Target `reference`: the API reference by Doxygen, in reference/html of the build folder. Without Doxygen there is none.

find_program(LTB_DOXYGEN doxygen)
mark_as_advanced(LTB_DOXYGEN)
if(LTB_DOXYGEN)
  set(LTB_REFERENCE_DIR ${PROJECT_BINARY_DIR}/reference)
  configure_file(${CMAKE_CURRENT_LIST_DIR}/Doxyfile.in ${PROJECT_BINARY_DIR}/Doxyfile @ONLY)
  set(LTB_REFERENCE_COMMAND ${CMAKE_COMMAND} -DDOXYGEN=${LTB_DOXYGEN} -DDOXYFILE=${PROJECT_BINARY_DIR}/Doxyfile
      -DOUTPUT=${LTB_REFERENCE_DIR} -P ${CMAKE_CURRENT_LIST_DIR}/reference.cmake)
  add_custom_target(reference COMMAND ${LTB_REFERENCE_COMMAND} VERBATIM)
endif()
