# What a wheel holds beside the package of runtime/python, which pyproject.toml names. Scripts and data go where pip
# puts (and removes) them.
if(NOT DEFINED SKBUILD)
  return()
endif()
foreach(module _engine _worker _kernel)
  if(TARGET ${module})
    install(TARGETS ${module} DESTINATION batchscope)
  endif()
endforeach()
foreach(program batchscope_program batchscope-dap_program)
  if(TARGET ${program})
    install(TARGETS ${program} DESTINATION ${SKBUILD_SCRIPTS_DIR})
  endif()
endforeach()
# The names scripts import: a folder of the package that goes last on sys.path.
install(DIRECTORY runtime/python/names/ DESTINATION batchscope/names PATTERN __pycache__ EXCLUDE
        PATTERN README.md EXCLUDE)
# Also where the native kernel is missing: `python -m batchscope.kernel` then says so.
install(DIRECTORY kernel/python/ DESTINATION batchscope/kernel PATTERN __pycache__ EXCLUDE)
if(TARGET _kernel)
  install(FILES kernel/kernelspec/kernel.json DESTINATION ${SKBUILD_DATA_DIR}/share/jupyter/kernels/batchscope)
endif()
