# Installs libraries and headers, and exports the package that find_package(spreadable) reads.
# `cmake --install <build> --component development` leaves the programs out.
set(spreadable_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/spreadable)

install(TARGETS spreadable_core spreadable_services spreadable_simulation spreadable_documents
  EXPORT spreadable-targets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development)
install(DIRECTORY core services extensions
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/spreadable
  COMPONENT development
  FILES_MATCHING PATTERN "*.h" PATTERN "detail" EXCLUDE)
install(EXPORT spreadable-targets
  NAMESPACE spreadable::
  DESTINATION ${spreadable_package_dir}
  COMPONENT development)
configure_package_config_file(cmake/spreadable-config.cmake.in
  ${PROJECT_BINARY_DIR}/spreadable-config.cmake
  INSTALL_DESTINATION ${spreadable_package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/spreadable-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES
  ${PROJECT_BINARY_DIR}/spreadable-config.cmake
  ${PROJECT_BINARY_DIR}/spreadable-config-version.cmake
  ${PROJECT_SOURCE_DIR}/cmake/spreadable-libraries.cmake
  DESTINATION ${spreadable_package_dir}
  COMPONENT development)
if(TARGET spreadable_cli)
  install(TARGETS spreadable_cli
    RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT programs)
endif()
